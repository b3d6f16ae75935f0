"""OpenAI's own client against Karen; prints a line a claim, and fails at the first that does not hold."""

import json
import sys
from typing import Literal

import openai
from pydantic import BaseModel

MODEL = "karen-demo"
QUESTION = [
    {"role": "system", "content": "You are Karen, a helpful assistant."},
    {"role": "user", "content": "Hello!"},
]
WEATHER = {
    "type": "object",
    "properties": {"city": {"enum": ["Oslo", "Rome"]}},
    "required": ["city"],
    "additionalProperties": False,
}


class Mood(BaseModel):
    """What the model is to answer with."""

    mood: Literal["good", "bad"]


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

    parsed = client.chat.completions.parse(model=MODEL, messages=QUESTION, response_format=Mood)
    assert parsed.choices[0].message.parsed.mood in ("good", "bad"), parsed
    print("ok an answer keeps to a schema")

    tool = {"type": "function", "function": {"name": "weather", "parameters": WEATHER}}
    for choice in ("required", {"type": "function", "function": {"name": "weather"}}):
        called = client.chat.completions.create(model=MODEL, messages=QUESTION, tools=[tool], tool_choice=choice)
        [call] = called.choices[0].message.tool_calls
        assert json.loads(call.function.arguments)["city"] in ("Oslo", "Rome"), call
        assert called.choices[0].finish_reason == "tool_calls", called
    print("ok a tool that must be called is called")

    free = {"model": MODEL, "prompt": "Hello", "max_tokens": 12, "temperature": 0}
    completed = client.completions.create(**free)
    assert completed.usage.completion_tokens <= 12 and completed.choices[0].text, completed
    pieces = list(client.completions.create(**free, stream=True))
    assert "".join(piece.choices[0].text for piece in pieces) == completed.choices[0].text, pieces
    print("ok a text is continued, whole and in pieces")

    try:
        client.chat.completions.create(
            model=MODEL, messages=QUESTION, extra_body={"response_format": {"type": "regex", "regex": "("}})
        raise AssertionError("a broken expression was taken")
    except openai.BadRequestError:
        pass
    print("ok an expression that is none is refused")

    said = client.responses.create(model=MODEL, input="Hello!", instructions="You are Karen.", max_output_tokens=24)
    assert said.output_text and said.status in ("completed", "incomplete"), said
    with client.responses.stream(
            model=MODEL, input="Hello!", instructions="You are Karen.", max_output_tokens=24) as stream:
        events = list(stream)
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(deltas) == said.output_text and len(deltas) > 1, (deltas, said)
    assert [event.sequence_number for event in events] == sorted({event.sequence_number for event in events}), events
    assert events[-1].response.usage.output_tokens == said.usage.output_tokens, events[-1]
    print("ok a response comes whole and in events")

    assert client.responses.parse(model=MODEL, input="Hello!", text_format=Mood).output_parsed.mood in ("good", "bad")
    flat = {"type": "function", "name": "weather", "parameters": WEATHER, "strict": True}
    asked = {"model": MODEL, "tools": [flat], "tool_choice": "required"}
    with client.responses.stream(input="Hello!", **asked) as stream:
        [called] = stream.get_final_response().output
    assert called.type == "function_call" and json.loads(called.arguments)["city"] in ("Oslo", "Rome"), called
    output = {"type": "function_call_output", "call_id": called.call_id, "output": "Sunny."}
    said = {"type": "function_call", "call_id": called.call_id, "name": called.name, "arguments": called.arguments}
    after = client.responses.create(model=MODEL, input=[{"role": "user", "content": "Hello!"}, said, output],
                                    max_output_tokens=24)
    assert after.output_text, after
    print("ok a response keeps to a schema, calls a tool and takes its output")

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
