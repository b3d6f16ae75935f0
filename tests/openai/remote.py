"""OpenAI's own client through Karen to a provider; prints a line a claim, and fails at the first that does not hold."""

import sys

import openai
from pydantic import BaseModel

HELLO = [{"role": "user", "content": "Hello!"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


class Pet(BaseModel):
    name: str
    legs: int


def main(base_url: str, key: str) -> None:
    client = openai.OpenAI(base_url=base_url, api_key=key, max_retries=0)

    whole = client.chat.completions.create(model="chat", messages=HELLO)
    assert whole.choices[0].message.content == "Hello, Ada.", whole
    assert whole.choices[0].message.reasoning_content == "They greet.", whole
    assert (whole.usage.prompt_tokens, whole.usage.completion_tokens) == (11, 5), whole
    print("ok an answer comes whole, with the provider's usage")

    stream = client.chat.completions.create(
        model="chat", messages=HELLO, stream=True, stream_options={"include_usage": True})
    chunks = list(stream)
    pieces = [c.choices[0].delta.content for c in chunks if c.choices and c.choices[0].delta.content]
    assert pieces == ["Hello", ", ", "Ada."], pieces
    assert chunks[-1].usage.total_tokens == 16
    print("ok an answer comes in the provider's pieces")

    called = client.chat.completions.create(
        model="chat", messages=HELLO, tools=[WEATHER],
        tool_choice={"type": "function", "function": {"name": "weather"}})
    call = called.choices[0].message.tool_calls[0]
    assert (call.id, call.function.name, call.function.arguments) == ("call_1", "weather", '{"city":"Oslo"}'), call
    assert called.choices[0].finish_reason == "tool_calls"
    print("ok a tool is called, as it was chosen")

    parsed = client.chat.completions.parse(model="chat", messages=HELLO, response_format=Pet)
    assert parsed.choices[0].message.parsed == Pet(name="Biscuit", legs=4), parsed
    print("ok an answer keeps to a schema")

    seen = client.chat.completions.create(model="chat", messages=[{"role": "user", "content": [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
    ]}])
    assert seen.choices[0].message.content == "A picture.", seen
    print("ok a picture is seen")

    rows = client.embeddings.create(model="embed-small", input="a dog")
    assert [round(x, 6) for x in rows.data[0].embedding] == [0.6, 0.8], rows
    print("ok texts are embedded, to the length of 1")

    routed = client.chat.completions.with_raw_response.create(model="main", messages=HELLO)
    assert routed.headers["karen-model-answered"] == "chat", routed.headers
    assert routed.headers["karen-model-why"] == "fallback", routed.headers
    assert routed.headers["karen-model-passed-over"] == "gone", routed.headers
    assert routed.parse().model == "chat"
    print("ok a route falls back, and says so")

    try:
        client.chat.completions.create(model="busy", messages=HELLO)
        raise AssertionError("a busy provider answered")
    except openai.RateLimitError as error:
        assert error.response.headers["retry-after"] == "7", error.response.headers
    print("ok a provider's limit is told with its wait")


if __name__ == "__main__":
    main(*sys.argv[1:])
