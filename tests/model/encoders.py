"""Writes tiny encoders and rerankers as Hugging Face has them, with goldens computed by PyTorch.

Their weights are random and seeded: they show that the numbers are computed as PyTorch computes them,
and say nothing about texts. A second run writes the same weights and tokenizers.

    python tests/model/encoders.py tests/model/encoders tests/model/encoder_goldens.json
"""

import argparse
import json
import random
import shutil
from pathlib import Path

import torch
from sentence_transformers import CrossEncoder, SentenceTransformer
from sentence_transformers.models import Pooling, Transformer
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (BertConfig, BertForSequenceClassification, BertModel, DistilBertConfig, DistilBertModel,
                          PreTrainedTokenizerFast, RobertaConfig, RobertaModel, XLMRobertaConfig,
                          XLMRobertaForSequenceClassification)

from dialogues import Words, dialogue

VOCABULARY = 512
CONTEXT = 64
SIZES = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64)
DISTIL_SIZES = dict(dim=32, n_layers=2, n_heads=4, hidden_dim=64)
# The usual 0.02 leaves such small models with nearly the same numbers for every text.
SPREAD = 0.3
BERT_SPECIALS = dict(pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]")
ROBERTA_SPECIALS = dict(bos_token="<s>", pad_token="<pad>", eos_token="</s>", unk_token="<unk>", mask_token="<mask>",
                        cls_token="<s>", sep_token="</s>")
TEXTS = ["", "a", "My dog is called Biscuit.", "Which pet do I have?", "The train to Lisbon leaves at noon.",
         "naïve café, 東京 🎉", "one two three four five six seven eight nine ten"]
QUERY = "What is my dog called?"


def corpus(seed: int):
    rng = random.Random(seed)
    return (m["content"] for _ in range(4000) for m in dialogue(rng, Words(rng, False), 6, 4))


def word_pieces() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    specials = list(BERT_SPECIALS.values())
    tokenizer.train_from_iterator(corpus(1), trainers.WordPieceTrainer(vocab_size=VOCABULARY, special_tokens=specials))
    ends = [(token, tokenizer.token_to_id(token)) for token in ("[SEP]", "[CLS]")]
    tokenizer.post_processor = processors.BertProcessing(*ends)
    # As BERT's own tokenizer, which tells the second text from the first.
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=CONTEXT, **BERT_SPECIALS,
                                   model_input_names=["input_ids", "token_type_ids", "attention_mask"])


def byte_pairs() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer.train_from_iterator(corpus(2), trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=specials, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    ends = [(token, tokenizer.token_to_id(token)) for token in ("</s>", "<s>")]
    tokenizer.post_processor = processors.RobertaProcessing(*ends, add_prefix_space=False)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=CONTEXT, **ROBERTA_SPECIALS)


def seeded(build, seed: int):
    """A model whose every weight is drawn anew: libraries leave biases at zero and norms at one."""
    model = build()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            centre = 1.0 if "layernorm" in name.lower().replace("_", "") and name.endswith("weight") else 0.0
            weight.copy_(centre + SPREAD * torch.randn(weight.shape, generator=generator))
    return model.half()


def keep(model, tokenizer, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def checked(pairs, tokenizer) -> list:
    """Nothing that PyTorch would cut: Karen cuts nothing."""
    assert all(len(tokenizer(*pair)["input_ids"]) <= CONTEXT - 2 for pair in pairs)
    return pairs


def embedder(folder: Path, model, tokenizer, pooling: str) -> dict:
    keep(model, tokenizer, folder)
    words = Transformer(str(folder), max_seq_length=CONTEXT - 2)
    whole = SentenceTransformer(modules=[words, Pooling(words.get_embedding_dimension(), pooling)], device="cpu")
    whole.half().save(str(folder), create_model_card=False)
    loaded = SentenceTransformer(str(folder), device="cpu").float()
    vectors = loaded.encode(TEXTS, normalize_embeddings=True, batch_size=len(TEXTS))
    texts = [dict(text=text, tokens=len(tokenizer(text)["input_ids"]), vector=[round(float(x), 6) for x in vector])
             for text, vector in zip(TEXTS, vectors)]
    return dict(folder=folder.name, texts=texts)


def reranker(folder: Path, model, tokenizer) -> dict:
    keep(model, tokenizer, folder)
    loaded = CrossEncoder(str(folder), device="cpu", activation_fn=torch.nn.Sigmoid())
    loaded.model.float()
    scores = loaded.predict(checked([(QUERY, text) for text in TEXTS], tokenizer))
    return dict(folder=folder.name, query=QUERY,
                documents=[dict(text=text, score=round(float(score), 6)) for text, score in zip(TEXTS, scores)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("goldens", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    pieces, pairs = word_pieces(), byte_pairs()
    bert = dict(vocab_size=len(pieces), max_position_embeddings=CONTEXT, pad_token_id=pieces.pad_token_id, **SIZES)
    roberta = dict(vocab_size=len(pairs), max_position_embeddings=CONTEXT + 2, type_vocab_size=1,
                   pad_token_id=pairs.pad_token_id, bos_token_id=pairs.bos_token_id, eos_token_id=pairs.eos_token_id,
                   **SIZES)
    distil = dict(vocab_size=len(pieces), max_position_embeddings=CONTEXT, pad_token_id=pieces.pad_token_id,
                  **DISTIL_SIZES)
    at = arguments.folder
    embedders = [
        embedder(at / "bert", seeded(lambda: BertModel(BertConfig(**bert)), 1), pieces, "mean"),
        embedder(at / "roberta", seeded(lambda: RobertaModel(RobertaConfig(**roberta)), 2), pairs, "cls"),
        embedder(at / "distilbert", seeded(lambda: DistilBertModel(DistilBertConfig(**distil)), 3), pieces, "max"),
    ]
    rerankers = [
        reranker(at / "bert-reranker", seeded(
            lambda: BertForSequenceClassification(BertConfig(num_labels=1, **bert)), 4), pieces),
        reranker(at / "xlm-roberta-reranker", seeded(
            lambda: XLMRobertaForSequenceClassification(XLMRobertaConfig(num_labels=1, **roberta)), 5), pairs),
    ]
    goldens = dict(embedders=embedders, rerankers=rerankers)
    for weights in at.rglob("*.safetensors"):
        weights.chmod(0o644)
    arguments.goldens.write_text(json.dumps(goldens, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
