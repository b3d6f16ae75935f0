// OpenAI's own client for Node against Karen; prints a line a claim, and fails at the first that does not hold.

import assert from "node:assert/strict";

import OpenAI from "openai";

const MODEL = "karen-demo";
const QUESTION = [
  { role: "system", content: "You are Karen, a helpful assistant." },
  { role: "user", content: "Hello!" },
];
const WEATHER = {
  type: "object",
  properties: { city: { enum: ["Oslo", "Rome"] } },
  required: ["city"],
  additionalProperties: false,
};
const MOOD = {
  type: "object",
  properties: { mood: { enum: ["good", "bad"] } },
  required: ["mood"],
  additionalProperties: false,
};

const [baseURL, apiKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const held = (claim) => console.log(`ok ${claim}`);
const chat = (more) =>
  client.chat.completions.create({ model: MODEL, messages: QUESTION, max_tokens: 24, temperature: 0, ...more });

const names = [];
for await (const model of client.models.list()) names.push(model.id);
assert(names.includes(MODEL), names.join());
held("models are listed");

const whole = await chat();
const text = whole.choices[0].message.content;
assert(text && whole.model === MODEL);
assert.equal(whole.usage.total_tokens, whole.usage.prompt_tokens + whole.usage.completion_tokens);
held("an answer comes whole, with its usage");

const chunks = [];
for await (const chunk of await chat({ stream: true, stream_options: { include_usage: true } })) chunks.push(chunk);
const pieces = chunks.map((chunk) => chunk.choices[0]?.delta.content).filter(Boolean);
assert.equal(pieces.join(""), text);
assert(pieces.length > 1);
assert.equal(chunks.at(-1).usage.completion_tokens, whole.usage.completion_tokens);
held("the same answer comes in pieces, with its usage");

const runner = client.chat.completions.stream({ model: MODEL, messages: QUESTION, max_tokens: 24, temperature: 0 });
assert.equal(await runner.finalContent(), text);
held("the client's own reader of streams puts it together");

const cut = await chat({ stream: true, max_tokens: 500 });
for await (const _ of cut) {
  cut.controller.abort();
  break;
}
assert.equal((await chat()).choices[0].message.content, text);
held("a stream that is left does not stop the next answer");

const format = { type: "json_schema", json_schema: { name: "mood", schema: MOOD, strict: true } };
const parsed = await client.chat.completions.parse({ model: MODEL, messages: QUESTION, response_format: format });
assert(["good", "bad"].includes(JSON.parse(parsed.choices[0].message.content).mood));
held("an answer keeps to a schema");

const tools = [{ type: "function", function: { name: "weather", parameters: WEATHER } }];
for (const tool_choice of ["required", { type: "function", function: { name: "weather" } }]) {
  const called = await chat({ tools, tool_choice, max_tokens: 100 });
  const [call] = called.choices[0].message.tool_calls;
  assert(["Oslo", "Rome"].includes(JSON.parse(call.function.arguments).city));
  assert.equal(called.choices[0].finish_reason, "tool_calls");
}
held("a tool that must be called is called");

const streamed = client.chat.completions.stream({
  model: MODEL, messages: QUESTION, tools, tool_choice: "required", temperature: 0,
});
const [inPieces] = (await streamed.finalChatCompletion()).choices[0].message.tool_calls;
assert(["Oslo", "Rome"].includes(JSON.parse(inPieces.function.arguments).city));
held("a call comes in pieces too");

const free = { model: MODEL, prompt: "Hello", max_tokens: 12, temperature: 0 };
const completed = await client.completions.create(free);
const continued = [];
for await (const piece of await client.completions.create({ ...free, stream: true })) continued.push(piece.choices[0]?.text);
assert(completed.choices[0].text && continued.join("") === completed.choices[0].text);
held("a text is continued, whole and in pieces");

const asked = { model: MODEL, input: "Hello!", instructions: "You are Karen.", max_output_tokens: 24 };
const said = await client.responses.create(asked);
assert(said.output_text && ["completed", "incomplete"].includes(said.status));
const events = [];
for await (const event of await client.responses.create({ ...asked, stream: true })) events.push(event);
const deltas = events.filter((event) => event.type === "response.output_text.delta").map((event) => event.delta);
assert.equal(deltas.join(""), said.output_text);
assert.equal(events.at(-1).response.usage.output_tokens, said.usage.output_tokens);
held("a response comes whole and in events");

const flat = { type: "function", name: "weather", parameters: WEATHER, strict: true };
const turn = await client.responses.create({ model: MODEL, input: "Hello!", tools: [flat], tool_choice: "required" });
const [call] = turn.output;
assert(call.type === "function_call" && ["Oslo", "Rome"].includes(JSON.parse(call.arguments).city));
const output = { type: "function_call_output", call_id: call.call_id, output: "Sunny." };
const after = await client.responses.create({
  model: MODEL, input: [{ role: "user", content: "Hello!" }, call, output], max_output_tokens: 24,
});
assert(after.output_text);
held("a response calls a tool and takes its output");

// The client asks for base64, and reads it.
const vectors = await client.embeddings.create({ model: "karen-static", input: ["a dog", "a puppy", "the stock market"] });
const rows = vectors.data.map((row) => row.embedding);
const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
assert.equal(rows[0].length, 256);
assert(dot(rows[0], rows[1]) > dot(rows[0], rows[2]));
held("texts are embedded");

await assert.rejects(chat({ model: "no-such-model" }), OpenAI.NotFoundError);
held("an absent model is not found");

const long = [{ role: "user", content: "word ".repeat(5000) }];
await assert.rejects(chat({ messages: long }), (error) => [400, 413].includes(error.status));
held("an over-long prompt is refused");

await assert.rejects(chat({ response_format: { type: "regex", regex: "(" } }), OpenAI.BadRequestError);
held("an expression that is none is refused");

const forged = new OpenAI({ baseURL, apiKey: "karen_sk_forged", maxRetries: 0 });
await assert.rejects(forged.models.list(), OpenAI.AuthenticationError);
held("a forged key is refused");
