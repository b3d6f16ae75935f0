//! The commands.

#[macro_use]
mod say;

mod audit;
mod chat;
mod config;
mod doctor;
mod door;
mod events;
mod failure;
mod import;
mod llama;
mod make;
mod models;
mod privacy;
mod pull;
mod recall;
mod serve;
mod settings;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use karen_core::Result;

use audit::AuditCommand;
use door::Door;
pub(crate) use failure::report;
use models::NewModel;
use privacy::PrivacyCommand;
use settings::Settings;

/// Karen: an AI assistant with a memory, served from one folder.
#[derive(Parser)]
#[command(name = "karen-server", version)]
pub(crate) struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the page and the API (what happens when no command is given)
    Serve,
    /// Chat in the terminal; Ctrl-C stops an answer, and at the prompt leaves
    Chat {
        /// The model to ask
        #[arg(long)]
        model: Option<String>,
        /// The conversation to go on with
        #[arg(long)]
        conversation: Option<String>,
    },
    /// Add, list and remove models
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Take over a chat history: OpenAI's conversations.json, or JSON lines
    Import {
        /// The file
        file: PathBuf,
    },
    /// Search what is remembered
    Recall {
        /// What to look for
        query: String,
        /// Results at most, 1 to 200
        #[arg(long, default_value_t = 10)]
        limit: u32,
    },
    /// Take along, or have erased, everything that is kept of you
    #[command(subcommand)]
    Privacy(PrivacyCommand),
    /// Verify, sign and export the audit log
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Look for what is wrong
    Doctor,
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Subcommand)]
enum ModelsCommand {
    /// Add a GGUF file, a folder of models, which stay where they are, or a provider's model
    Add(NewModel),
    /// Pull a model from Hugging Face or its mirror, check it, and add it
    Pull {
        /// hf:ORG/REPO or hf:ORG/REPO:FILE; a part of the file's name will do, such as Q4_K_M
        #[arg(value_name = "hf:ORG/REPO[:FILE]")]
        model: String,
        /// What to call it; made from what was pulled if absent
        #[arg(long)]
        name: Option<String>,
    },
    /// Set how llama.cpp runs a model, or show it
    Set(llama::Wanted),
    /// Pack a GGUF model's numbers into fewer bits, compare both, and add the new one
    Quantize {
        /// Its name
        name: String,
        /// Q8_0, Q6_K, Q5_K_M, Q5_K_S, Q5_0, Q4_K_M, Q4_K_S, Q4_0, Q3_K_M or Q2_K
        to: String,
        /// What to call the new one; made from both if absent
        #[arg(long = "name", value_name = "NAME")]
        new: Option<String>,
    },
    /// Make a static embedder of an encoder: it embeds in microseconds
    Distill {
        /// Its name
        name: String,
        /// Numbers of a vector at most
        #[arg(long, default_value_t = 256)]
        dim: u16,
        /// What to call the new one; made from its source if absent
        #[arg(long = "name", value_name = "NAME")]
        new: Option<String>,
    },
    /// Make a name stand for models: the first answers, the others when it fails
    Route {
        /// The name
        name: String,
        /// Models, or further routes
        #[arg(required = true)]
        targets: Vec<String>,
        /// How the first one is chosen: order, balance (in turn) or split (by user)
        #[arg(long, default_value = "order")]
        choose: String,
        /// Shares for balance and split, one a target
        #[arg(long, value_delimiter = ',')]
        weights: Vec<u32>,
    },
    /// Load a model now instead of at its first use
    Load {
        /// Its name
        name: String,
    },
    /// Give a model's memory back
    Unload {
        /// Its name
        name: String,
    },
    /// Keep a model loaded: it makes no room for others
    Pin {
        /// Its name
        name: String,
        /// Let it be unloaded again
        #[arg(long)]
        off: bool,
    },
    /// List the models
    List,
    /// Remove a model or a route; a model's file stays
    Remove {
        /// Its name
        name: String,
    },
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Show every setting, its value and where it comes from
    Check,
}

impl Cli {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let settings = self.settings;
        match self.command.unwrap_or(Command::Serve) {
            Command::Serve => serve::run(settings.config()?).await?,
            Command::Doctor => return Ok(doctor::run(&settings).await),
            Command::Config(ConfigCommand::Check) => config::check(&settings)?,
            command => {
                let door = Door::open(&settings).await?;
                let result = command.through(&door).await;
                door.close().await?;
                result?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Command {
    /// What is done the same whether or not a server runs on the folder.
    async fn through(self, door: &Door) -> Result<()> {
        match self {
            Self::Chat {
                model,
                conversation,
            } => chat::run(door, model, conversation).await,
            Self::Models(ModelsCommand::Add(new)) => models::add(door, new).await,
            Self::Models(ModelsCommand::Pull { model, name }) => pull::run(door, model, name).await,
            Self::Models(ModelsCommand::Set(wanted)) => llama::set(door, wanted).await,
            Self::Models(ModelsCommand::Quantize { name, to, new }) => {
                make::quantize(door, &name, to, new).await
            }
            Self::Models(ModelsCommand::Distill { name, dim, new }) => {
                make::distill(door, &name, dim, new).await
            }
            Self::Models(ModelsCommand::Route {
                name,
                targets,
                choose,
                weights,
            }) => models::route(door, &name, targets, choose, weights).await,
            Self::Models(ModelsCommand::Load { name }) => models::load(door, &name).await,
            Self::Models(ModelsCommand::Unload { name }) => models::unload(door, &name).await,
            Self::Models(ModelsCommand::Pin { name, off }) => models::pin(door, &name, !off).await,
            Self::Models(ModelsCommand::List) => models::list(door).await,
            Self::Models(ModelsCommand::Remove { name }) => models::remove(door, &name).await,
            Self::Import { file } => import::run(door, &file).await,
            Self::Recall { query, limit } => recall::run(door, query, limit).await,
            Self::Audit(command) => audit::run(door, command).await,
            Self::Privacy(command) => privacy::run(door, command).await,
            Self::Serve | Self::Doctor | Self::Config(_) => Ok(()),
        }
    }
}
