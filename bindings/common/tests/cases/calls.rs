//! From the name of a call to the operation.

use karen_bindings::{Failure, Karen, Session, TurnEvents};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::accounts;
use crate::world::{World, in_memory};

pub(crate) type Given = Result<Value, Failure>;

pub(crate) async fn call(world: &World, session: &Session, name: &str, args: &Value) -> Given {
    let (noun, verb) = name.split_once('.').expect("a call is noun.verb");
    let args = Args(args, world);
    match noun {
        "session" => of_session(session, verb, args).await,
        "memories" => memories(session, verb, args).await,
        "conversations" => conversations(session, verb, args).await,
        "privacy" => privacy(session, verb, args).await,
        "models" => models(world, verb, args).await,
        "auth" | "second_factors" | "roles" | "tenants" | "mail" => {
            accounts::call(&world.karen, noun, verb, args).await
        }
        "karen" => karen(world, verb, args).await,
        _ => panic!("there is no {noun}"),
    }
}

/// Arguments by name.
#[derive(Clone, Copy)]
pub(crate) struct Args<'a>(pub(crate) &'a Value, &'a World);

impl<'a> Args<'a> {
    pub(crate) fn text(self, name: &str) -> &'a str {
        self.maybe(name)
            .unwrap_or_else(|| panic!("{name} is missing"))
    }

    pub(crate) fn maybe(self, name: &str) -> Option<&'a str> {
        self.0[name].as_str()
    }

    pub(crate) fn string(self, name: &str) -> String {
        self.text(name).to_owned()
    }

    pub(crate) fn number(self, name: &str, otherwise: u64) -> u64 {
        self.0[name].as_u64().unwrap_or(otherwise)
    }

    pub(crate) fn limit(self, otherwise: u32) -> u32 {
        u32::try_from(self.number("limit", otherwise.into())).expect("a small limit")
    }

    pub(crate) fn texts(self, name: &str) -> Vec<String> {
        serde_json::from_value(self.0[name].clone()).unwrap_or_default()
    }

    /// The rest as options.
    pub(crate) fn options<T: serde::de::DeserializeOwned>(
        self,
        named: &[&str],
    ) -> Result<T, Failure> {
        let mut fields = self.0.as_object().cloned().unwrap_or_default();
        fields.retain(|name, _| !named.contains(&name.as_str()));
        read(Value::Object(fields))
    }

    pub(crate) fn session(self) -> &'a Session {
        let name = self
            .text("session")
            .strip_prefix('@')
            .expect("@ and a name");
        &self.1.sessions[name]
    }
}

async fn of_session(session: &Session, verb: &str, args: Args<'_>) -> Given {
    match verb {
        "remember" => {
            let options = args.options(&["text"])?;
            plain(session.remember(args.string("text"), options).await)
        }
        "recall" => {
            let limit = usize::try_from(args.number("limit", 10)).expect("a small limit");
            plain(session.recall(args.string("query"), limit).await)
        }
        "forget" => plain(session.forget(args.text("memory")).await),
        "chat" => {
            let options = args.options(&["message"])?;
            whole(session.chat(args.string("message"), options).await?).await
        }
        "resume" => {
            let after = args.number("after", 0);
            whole(session.resume(args.text("turn"), after).await?).await
        }
        "turn" => plain(session.turn(args.text("turn")).await),
        "cancel" => plain(session.cancel(args.text("turn")).await),
        "usage" => plain(session.usage(0).await),
        "import_history" => plain(session.import(args.text("text"), |_| {}).await),
        "generate" => {
            let messages = read(args.0["messages"].clone())?;
            let options = args.options(&["messages"])?;
            plain(
                session
                    .generate(messages, options)
                    .await
                    .map(|answer| answer.model().to_owned()),
            )
        }
        _ => panic!("a session has no {verb}"),
    }
}

async fn memories(session: &Session, verb: &str, args: Args<'_>) -> Given {
    match verb {
        "list" => plain(
            session
                .list_memories(args.maybe("after"), args.limit(50))
                .await,
        ),
        "get" => plain(session.memory(args.text("memory")).await),
        "forget_all" => plain(session.forget_all().await),
        "remember_all" => remember_all(session, args).await,
        "search" => {
            let options = args.options(&["query"])?;
            plain(session.search_memories(args.string("query"), options).await)
        }
        "inspect" => plain(session.inspect_memory(args.text("memory")).await),
        "update" => {
            let patch = args.options(&["memory"])?;
            plain(session.update_memory(args.text("memory"), patch).await)
        }
        "feedback" => {
            let feedback = read(args.0["feedback"].clone())?;
            plain(session.memory_feedback(args.text("memory"), feedback).await)
        }
        "restore" => plain(session.restore_memory(args.text("memory")).await),
        "erase" => plain(session.erase_memory().await),
        "stats" => plain(session.memory_stats().await),
        "reports" => plain(session.memory_reports()),
        "report" => {
            let of = args.maybe("of").unwrap_or("user");
            plain(session.memory_report(args.text("name"), of).await)
        }
        "ask" => {
            let of = args.maybe("of").unwrap_or("user");
            plain(session.ask_memory(args.text("question"), of).await)
        }
        _ => wishes(session, verb, args).await,
    }
}

async fn wishes(session: &Session, verb: &str, args: Args<'_>) -> Given {
    let conversation = args.maybe("conversation");
    match verb {
        "consent" => plain(session.consent(conversation).await),
        "set_consent" => {
            let remember = args.0["remember"].as_bool().expect("true or false");
            plain(session.set_consent(remember, conversation).await)
        }
        "retention" => plain(session.retention().await),
        "set_retention" => plain(session.set_retention(args.options(&[])?).await),
        "clean_up" => plain(session.clean_up_memory().await),
        "consolidate" => plain(session.consolidate_memory().await),
        "import_lines" => plain(session.import_memories(args.texts("lines")).await),
        _ => panic!("memories have no {verb}"),
    }
}

/// Notes with their texts among their options, as hosts pass them.
async fn remember_all(session: &Session, args: Args<'_>) -> Given {
    let notes = args.0["notes"].as_array().expect("a list").iter();
    let notes = notes.map(|note| {
        let mut options = note.as_object().cloned().expect("an object");
        let text = options.remove("text").expect("a text");
        let text = text.as_str().expect("a text").to_owned();
        Ok((text, read(Value::Object(options))?))
    });
    let notes = notes.collect::<Result<_, Failure>>()?;
    plain(
        session
            .remember_all(notes, args.maybe("conversation"))
            .await,
    )
}

async fn conversations(session: &Session, verb: &str, args: Args<'_>) -> Given {
    let id = args.maybe("conversation").unwrap_or_default();
    match verb {
        "create" => plain(session.create_conversation(args.text("title")).await),
        "list" => {
            let after = args.maybe("after");
            plain(session.list_conversations(after, args.limit(50)).await)
        }
        "get" => plain(session.conversation(id).await),
        "messages" => {
            let before = args.maybe("before");
            plain(session.messages(id, before, args.limit(1000)).await)
        }
        "running_turn" => plain(session.running_turn(id)),
        "rename" => plain(session.rename_conversation(id, args.text("title")).await),
        "delete" => plain(session.delete_conversation(id).await),
        _ => panic!("conversations have no {verb}"),
    }
}

async fn privacy(session: &Session, verb: &str, args: Args<'_>) -> Given {
    let privacy = session.privacy();
    match verb {
        "erase" => plain(privacy.erase().await),
        "erase_user" => plain(privacy.erase_user(args.text("account")).await),
        "erase_tenant" => plain(privacy.erase_tenant(args.text("tenant")).await),
        "receipts" => plain(privacy.receipts(args.maybe("after"), args.limit(50)).await),
        _ => panic!("privacy has no {verb}"),
    }
}

async fn models(world: &World, verb: &str, args: Args<'_>) -> Given {
    let models = world.karen.models();
    let name = args.maybe("name").unwrap_or_default();
    match verb {
        "list" => plain(models.list()),
        "get" => plain(models.get(args.maybe("name"))),
        "default" => plain(models.default_name()),
        "set_default" => plain(models.set_default(name)),
        "add" => plain(
            models
                .add(args.text("path").as_ref(), args.maybe("name"), true)
                .await,
        ),
        "remove" => plain(models.remove(name).await),
        "add_remote" => {
            let options = args.options(&["name"])?;
            plain(models.add_remote(args.maybe("name"), options, true))
        }
        "pull" => models
            .pull(args.text("model"), args.maybe("name"))
            .map(|_| Value::Null),
        "scan" => plain(models.scan(args.text("folder").as_ref(), true).await),
        "set_pinned" => {
            let is_pinned = args.0["is_pinned"].as_bool().unwrap_or(true);
            plain(models.set_pinned(name, is_pinned))
        }
        "memory" => plain(models.memory()),
        "routes" => plain(models.routes()),
        "set_route" => {
            let options = args.options(&["name"])?;
            plain(models.set_route(name, &options, true))
        }
        "remove_route" => plain(models.remove_route(name)),
        "load" => plain(models.load(name).await),
        "unload" => plain(models.unload(name).await),
        "embed" => plain(models.embed(name, &args.texts("values")).await),
        "rerank" => {
            let documents = args.texts("documents");
            plain(models.rerank(name, args.text("query"), &documents).await)
        }
        "count_text" => plain(models.count_text(name, args.text("text")).await),
        "count_prompt" => {
            let messages: Vec<_> = read(args.0["messages"].clone())?;
            plain(models.count_prompt(name, &messages, &[]).await)
        }
        "complete" => {
            let options = args.options(&["prompt"])?;
            let answer = models.complete(args.string("prompt"), options).await;
            plain(answer.map(|answer| answer.model().to_owned()))
        }
        _ => panic!("models have no {verb}"),
    }
}

async fn karen(world: &World, verb: &str, args: Args<'_>) -> Given {
    let karen = &world.karen;
    match verb {
        "open" => {
            let settings = args.0.as_object().cloned().unwrap_or_else(Map::new);
            plain(Karen::open(in_memory(&settings)).await.map(|_| ()))
        }
        "config" => plain(karen.config()),
        "folder" => plain(karen.folder()),
        "health" => plain(karen.health().await),
        "verify" => plain(karen.verify().await),
        "live_turns" => plain(karen.live_turns()),
        "tools" => plain(karen.tools()),
        "close" => plain(karen.close().await),
        _ => panic!("Karen has no {verb}"),
    }
}

/// A turn listened to until its end.
async fn whole(turn: TurnEvents) -> Given {
    let (mut text, mut types, mut numbers) =
        (String::new(), Vec::<Value>::new(), Vec::<Value>::new());
    let (mut recalled, mut done) = (json!([]), Value::Null);
    loop {
        let hop = turn.next().await?;
        if hop.is_empty() {
            break;
        }
        for event in hop {
            let event = json!(event);
            if event["type"] == "delta" && types.last() == Some(&event["type"]) {
                types.pop();
                numbers.pop();
            }
            text += event["text"].as_str().unwrap_or_default();
            types.push(event["type"].clone());
            numbers.push(event["number"].clone());
            if event["type"] == "recall" {
                recalled = event["items"].clone();
            } else if event["type"] == "done" {
                done = event;
            }
        }
    }
    Ok(json!({
        "id": turn.id(), "conversation": turn.conversation(), "text": text,
        "types": types, "numbers": numbers, "recalled": recalled, "done": done,
    }))
}

pub(crate) fn plain(result: Result<impl Serialize, Failure>) -> Given {
    result.map(|data| json!(data))
}

/// As a binding reads what its host passes.
fn read<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, Failure> {
    serde_json::from_value(value).map_err(|error| Failure::invalid(error.to_string()))
}
