//! A small llama's GGUF file in other forms: the tests keep one file, and make the others from it.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::Path;

use candle_core::quantized::gguf_file::{Content, Value, write};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Result, Tensor};
use serde_json::json;

/// The width of a head of the demonstration model.
const HEAD: usize = 64;

/// A llama with a byte-level tokenizer, as [`GgufModel::read`] finds it.
pub struct GgufModel {
    metadata: HashMap<String, Value>,
    /// As 32-bit floats, by llama.cpp's names.
    tensors: HashMap<String, Tensor>,
}

/// How the numbers of a GGUF file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GgufNumbers {
    /// 32-bit floats.
    F32,
    /// 16-bit floats.
    F16,
}

impl GgufModel {
    /// Reads the file at `path`, whatever its numbers are.
    ///
    /// # Panics
    /// When it is no such file.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        Self::try_read(path).expect("the file is whole")
    }

    fn try_read(path: &Path) -> Result<Self> {
        let mut file = File::open(path)?;
        let content = Content::read(&mut file)?;
        let mut tensors = HashMap::new();
        for name in content.tensor_infos.keys() {
            let tensor = content.tensor(&mut file, name, &Device::Cpu)?;
            tensors.insert(name.clone(), tensor.dequantize(&Device::Cpu)?);
        }
        Ok(Self {
            metadata: content.metadata,
            tensors,
        })
    }

    /// Writes the same model with other numbers; vectors stay 32-bit floats, as llama.cpp wants them.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn write(&self, path: &Path, numbers: GgufNumbers) {
        self.try_write(path, numbers).expect("the file is written");
    }

    fn try_write(&self, path: &Path, numbers: GgufNumbers) -> Result<()> {
        let (kind, file_type) = match numbers {
            GgufNumbers::F32 => (GgmlDType::F32, 0),
            GgufNumbers::F16 => (GgmlDType::F16, 1),
        };
        let mut metadata = self.metadata.clone();
        metadata.insert("general.file_type".to_owned(), Value::U32(file_type));
        let mut tensors = Vec::new();
        for (name, tensor) in &self.tensors {
            let kind = if tensor.rank() == 1 {
                GgmlDType::F32
            } else {
                kind
            };
            tensors.push((name.as_str(), QTensor::quantize(tensor, kind)?));
        }
        let tensors: Vec<_> = tensors.iter().map(|(name, t)| (*name, t)).collect();
        let metadata: Vec<_> = metadata.iter().map(|(key, v)| (key.as_str(), v)).collect();
        write(&mut File::create(path)?, &metadata, &tensors)
    }

    /// Writes the folder that Hugging Face would have of it, as a model of `family`: `llama`, or one
    /// that computes the same from weights laid out in another way (`mistral`, `qwen2`, `phi3`). One of
    /// `qwen3`, `gemma` and `gemma2` computes something else with them, and says nothing of sense.
    ///
    /// # Panics
    /// When the folder cannot be written.
    pub fn write_folder(&self, folder: &Path, family: &str) {
        self.try_write_folder(folder, family)
            .expect("the folder is written");
    }

    fn try_write_folder(&self, folder: &Path, family: &str) -> Result<()> {
        fs::create_dir_all(folder)?;
        let weights = self.weights(family)?;
        candle_core::safetensors::save(&weights, folder.join("model.safetensors"))?;
        let texts = [
            ("config.json", self.config(family)),
            ("tokenizer.json", self.tokenizer()),
            ("tokenizer_config.json", self.chat()),
        ];
        for (file, value) in texts {
            fs::write(folder.join(file), value.to_string())?;
        }
        Ok(())
    }

    fn weights(&self, family: &str) -> Result<HashMap<String, Tensor>> {
        let mut weights = HashMap::new();
        for (name, tensor) in &self.tensors {
            let tensor = match name.rsplit('.').nth(1) {
                Some("attn_q") => unpermuted(tensor, self.number("llama.attention.head_count"))?,
                Some("attn_k") => unpermuted(tensor, self.number("llama.attention.head_count_kv"))?,
                _ => tensor.clone(),
            };
            weights.insert(folder_name(name), tensor);
        }
        for layer in 0..self.number("llama.block_count") {
            lay_out(&mut weights, &format!("model.layers.{layer}"), family)?;
        }
        if family == "mistral" {
            let tied = weights["model.embed_tokens.weight"].clone();
            weights.insert("lm_head.weight".to_owned(), tied);
        }
        Ok(weights)
    }

    fn config(&self, family: &str) -> serde_json::Value {
        let number = |key: &str| self.number(&format!("llama.{key}"));
        json!({
            "model_type": family,
            "hidden_act": if family.starts_with("gemma") { "gelu_pytorch_tanh" } else { "silu" },
            "hidden_activation": "gelu_pytorch_tanh",
            "head_dim": number("attention.key_length"),
            "query_pre_attn_scalar": number("attention.key_length"),
            "hidden_size": number("embedding_length"),
            "intermediate_size": number("feed_forward_length"),
            "num_hidden_layers": number("block_count"),
            "num_attention_heads": number("attention.head_count"),
            "num_key_value_heads": number("attention.head_count_kv"),
            "max_position_embeddings": number("context_length"),
            "rms_norm_eps": self.float("llama.attention.layer_norm_rms_epsilon"),
            "rope_theta": self.float("llama.rope.freq_base"),
            "vocab_size": number("vocab_size"),
            "tie_word_embeddings": true,
            "eos_token_id": self.number("tokenizer.ggml.eos_token_id"),
        })
    }

    fn tokenizer(&self) -> serde_json::Value {
        let tokens = self.texts("tokenizer.ggml.tokens");
        let kinds = self.metadata["tokenizer.ggml.token_type"].to_vec();
        let kinds = kinds.expect("a list of kinds");
        let control = tokens.iter().enumerate().filter(|(id, _)| {
            // LLAMA_TOKEN_TYPE_CONTROL
            kinds[*id].to_i32().is_ok_and(|kind| kind == 3)
        });
        let added: Vec<_> = control
            .map(|(id, text)| {
                json!({ "id": id, "content": text, "special": true, "single_word": false,
                    "lstrip": false, "rstrip": false, "normalized": false })
            })
            .collect();
        let vocabulary: serde_json::Map<_, _> = tokens
            .iter()
            .enumerate()
            .map(|(id, text)| (text.clone(), id.into()))
            .collect();
        let bytes = json!({ "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
            "use_regex": true });
        json!({
            "version": "1.0",
            "added_tokens": added,
            "pre_tokenizer": bytes,
            "decoder": bytes,
            "model": {
                "type": "BPE",
                "vocab": vocabulary,
                "merges": self.texts("tokenizer.ggml.merges"),
            },
        })
    }

    fn chat(&self) -> serde_json::Value {
        let tokens = self.texts("tokenizer.ggml.tokens");
        let token = |key: &str| &tokens[self.number(&format!("tokenizer.ggml.{key}_token_id"))];
        let template = self.metadata["tokenizer.chat_template"].to_string();
        json!({
            "bos_token": token("bos"),
            "eos_token": { "content": token("eos") },
            "chat_template": template.expect("a text"),
        })
    }

    fn number(&self, key: &str) -> usize {
        self.metadata[key].to_u32().expect("a number") as usize
    }

    fn float(&self, key: &str) -> f32 {
        self.metadata[key].to_f32().expect("a number")
    }

    fn texts(&self, key: &str) -> Vec<String> {
        let items = self.metadata[key].to_vec().expect("a list");
        let text = |item: &Value| item.to_string().expect("a text").clone();
        items.iter().map(text).collect()
    }
}

fn folder_name(name: &str) -> String {
    match name {
        "token_embd.weight" => return "model.embed_tokens.weight".to_owned(),
        "output_norm.weight" => return "model.norm.weight".to_owned(),
        _ => {}
    }
    let mut parts = name.split('.').skip(1);
    let layer = parts.next().unwrap_or_default();
    let part = match parts.next().unwrap_or_default() {
        "attn_norm" => "input_layernorm",
        "ffn_norm" => "post_attention_layernorm",
        "attn_q" => "self_attn.q_proj",
        "attn_k" => "self_attn.k_proj",
        "attn_v" => "self_attn.v_proj",
        "attn_output" => "self_attn.o_proj",
        "ffn_gate" => "mlp.gate_proj",
        "ffn_up" => "mlp.up_proj",
        "ffn_down" => "mlp.down_proj",
        other => panic!("a llama has no {other}"),
    };
    format!("model.layers.{layer}.{part}.weight")
}

/// Undoes the order of rows that llama.cpp's rotation wants.
fn unpermuted(weight: &Tensor, heads: usize) -> Result<Tensor> {
    let (rows, columns) = weight.dims2()?;
    let paired = weight.reshape((heads, rows / heads / 2, 2, columns))?;
    paired.transpose(1, 2)?.reshape((rows, columns))
}

/// A layer's weights as a family keeps them.
fn lay_out(weights: &mut HashMap<String, Tensor>, layer: &str, family: &str) -> Result<()> {
    let attention = ["q_proj", "k_proj", "v_proj"].map(|part| format!("{layer}.self_attn.{part}"));
    match family {
        "qwen2" => {
            for part in attention {
                let rows = weights[&format!("{part}.weight")].dim(0)?;
                let bias = Tensor::zeros(rows, candle_core::DType::F32, &Device::Cpu)?;
                weights.insert(format!("{part}.bias"), bias);
            }
        }
        "phi3" => {
            let feed_forward = ["gate_proj", "up_proj"].map(|part| format!("{layer}.mlp.{part}"));
            join(weights, &attention, &format!("{layer}.self_attn.qkv_proj"))?;
            join(weights, &feed_forward, &format!("{layer}.mlp.gate_up_proj"))?;
        }
        "qwen3" => {
            for part in ["q_norm", "k_norm"] {
                let ones = Tensor::ones(HEAD, candle_core::DType::F32, &Device::Cpu)?;
                weights.insert(format!("{layer}.self_attn.{part}.weight"), ones);
            }
        }
        "gemma2" => {
            let norm = weights[&format!("{layer}.post_attention_layernorm.weight")].clone();
            for part in ["pre_feedforward_layernorm", "post_feedforward_layernorm"] {
                weights.insert(format!("{layer}.{part}.weight"), norm.clone());
            }
        }
        _ => {}
    }
    Ok(())
}

fn join(weights: &mut HashMap<String, Tensor>, parts: &[String], whole: &str) -> Result<()> {
    let parts = parts
        .iter()
        .filter_map(|part| weights.remove(&format!("{part}.weight")));
    let joined = Tensor::cat(&parts.collect::<Vec<_>>(), 0)?;
    weights.insert(format!("{whole}.weight"), joined);
    Ok(())
}
