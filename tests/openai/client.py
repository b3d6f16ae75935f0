"""OpenAI's own client against Karen; prints a line a claim, and fails at the first that does not hold."""

import sys

import openai

MODEL = "karen-demo"
QUESTION = [
    {"role": "system", "content": "You are Karen, a helpful assistant."},
    {"role": "user", "content": "Hello!"},
]


def main(base_url: str, key: str) -> None:
    client = openai.OpenAI(base_url=base_url, api_key=key, max_retries=0)

    names = [model.id for model in client.models.list()]
    assert MODEL in names, names
    print("ok models are listed")

    whole = client.chat.completions.create(model=MODEL, messages=QUESTION, max_tokens=24, temperature=0)
    text = whole.choices[0].message.content
    assert text and whole.model == MODEL, whole
    assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens
    print("ok an answer comes whole, with its usage")

    stream = client.chat.completions.create(
        model=MODEL, messages=QUESTION, max_tokens=24, temperature=0,
        stream=True, stream_options={"include_usage": True})
    chunks = list(stream)
    streamed = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert streamed == text, (streamed, text)
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens
    assert len([c for c in chunks if c.choices and c.choices[0].delta.content]) > 1
    print("ok the same answer comes in pieces, with its usage")

    vectors = client.embeddings.create(model="karen-static", input=["a dog", "a puppy", "the stock market"])
    near, far = (sum(a * b for a, b in zip(vectors.data[0].embedding, other.embedding)) for other in vectors.data[1:])
    assert len(vectors.data[0].embedding) == 256 and near > far, (near, far)
    print("ok texts are embedded")

    try:
        client.chat.completions.create(model="no-such-model", messages=QUESTION)
        raise AssertionError("an absent model answered")
    except openai.NotFoundError as error:
        assert error.code == "model_not_found" or error.code, error
    print("ok an absent model is not found")

    try:
        client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "word " * 5000}])
        raise AssertionError("an over-long prompt was answered")
    except openai.APIStatusError as error:
        assert error.status_code in (400, 413), error
    print("ok an over-long prompt is refused")

    try:
        openai.OpenAI(base_url=base_url, api_key="karen_sk_forged", max_retries=0).models.list()
        raise AssertionError("a forged key was taken")
    except openai.AuthenticationError:
        pass
    print("ok a forged key is refused")


if __name__ == "__main__":
    main(*sys.argv[1:])
