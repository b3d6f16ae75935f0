"""Anthropic's own client against Karen; prints a line a claim, and fails at the first that does not hold."""

import json
import sys

import anthropic

MODEL = "karen-demo"
QUESTION = [{"role": "user", "content": "Hello!"}]
WEATHER = {
    "name": "weather",
    "description": "Tells the weather of a city.",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"enum": ["Oslo", "Rome"]}},
        "required": ["city"],
        "additionalProperties": False,
    },
}


def main(base_url: str, key: str) -> None:
    client = anthropic.Anthropic(base_url=base_url, api_key=key, max_retries=0)
    asked = {"model": MODEL, "system": "You are Karen, a helpful assistant.", "messages": QUESTION, "max_tokens": 24}

    whole = client.messages.create(**asked)
    text = whole.content[0].text
    assert text and whole.model == MODEL and whole.role == "assistant", whole
    assert whole.usage.input_tokens + whole.usage.cache_read_input_tokens > 0 < whole.usage.output_tokens, whole.usage
    print("ok an answer comes whole, with its usage")

    prompt = {name: asked[name] for name in ("model", "system", "messages")}
    counted = client.messages.count_tokens(**prompt).input_tokens
    assert counted == whole.usage.input_tokens + whole.usage.cache_read_input_tokens, (counted, whole.usage)
    longer = prompt | {"messages": [{"role": "user", "content": "Hello! How are you?"}]}
    assert client.messages.count_tokens(**longer).input_tokens > counted
    assert client.messages.count_tokens(**prompt, tools=[WEATHER]).input_tokens >= counted
    print("ok a prompt is as long as it was counted before")

    with client.messages.stream(**asked) as stream:
        pieces = list(stream.text_stream)
        final = stream.get_final_message()
    assert "".join(pieces) == text and len(pieces) > 1, (pieces, text)
    assert final.stop_reason == whole.stop_reason and final.usage.output_tokens == whole.usage.output_tokens, final
    print("ok the same answer comes in pieces, with its usage")

    used = client.messages.create(
        **asked | {"max_tokens": 100}, tools=[WEATHER], tool_choice={"type": "tool", "name": "weather"})
    [call] = used.content
    assert used.stop_reason == "tool_use" and call.type == "tool_use" and call.name == "weather", used
    assert call.input["city"] in ("Oslo", "Rome"), call
    print("ok a tool that must be used is used with arguments that validate")

    with client.messages.stream(
            **asked | {"max_tokens": 100}, tools=[WEATHER], tool_choice={"type": "any"}) as stream:
        final = stream.get_final_message()
    assert final.content == [call] or final.content[0].input["city"] in ("Oslo", "Rome"), final
    print("ok a use of a tool is streamed")

    result = {"type": "tool_result", "tool_use_id": call.id, "content": "Sunny."}
    after = QUESTION + [{"role": "assistant", "content": used.content}, {"role": "user", "content": [result]}]
    assert client.messages.create(**asked | {"messages": after}).content[0].text
    print("ok the result of a tool is taken")

    schema = {"type": "object", "properties": {"mood": {"enum": ["good", "bad"]}}, "required": ["mood"],
              "additionalProperties": False}
    kept = client.messages.create(**asked, output_config={"format": {"type": "json_schema", "schema": schema}})
    assert json.loads(kept.content[0].text)["mood"] in ("good", "bad"), kept
    print("ok an answer keeps to a schema")

    try:
        client.messages.create(**asked | {"model": "no-such-model"})
        raise AssertionError("an absent model answered")
    except anthropic.NotFoundError as error:
        assert error.body["error"]["type"] == "not_found_error", error
    print("ok an absent model is not found")

    try:
        anthropic.Anthropic(base_url=base_url, api_key="karen_sk_forged", max_retries=0).messages.create(**asked)
        raise AssertionError("a forged key was taken")
    except anthropic.AuthenticationError as error:
        assert error.body["error"]["type"] == "authentication_error", error
    print("ok a forged key is refused")


if __name__ == "__main__":
    main(*sys.argv[1:])
