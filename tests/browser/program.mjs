// Another program that the same person uses: it knows what the server keeps.

export class Program {
  #token = null;

  constructor(url, credentials) {
    this.url = url;
    this.credentials = credentials;
  }

  /** The status of a request for one's own account. */
  async statusOfMe(token) {
    token ??= await this.#signedIn();
    return (await this.#ask("/api/v1/me", token)).status;
  }

  /** How many conversations there are. */
  async conversations() {
    const { data } = await (await this.#ask("/api/v1/conversations?limit=200", await this.#signedIn())).json();
    return data.length;
  }

  /** The answers of a conversation as the server keeps them. */
  async answers(conversation) {
    const path = `/api/v1/conversations/${conversation}/messages`;
    const { data } = await (await this.#ask(path, await this.#signedIn())).json();
    return data.filter(({ role }) => role === "assistant");
  }

  /** Imports a conversation of the person's own lines. */
  async bring(conversation, lines) {
    const messages = lines.map((content) => JSON.stringify({ conversation, role: "user", content }));
    const body = messages.join("\n");
    const headers = { "Content-Type": "application/x-ndjson" };
    const request = { method: "POST", headers, body };
    const answer = await this.#ask("/api/v1/import", await this.#signedIn(), request);
    if (!answer.ok) throw new Error(await answer.text());
  }

  /** Makes an account for somebody. */
  async employ(name) {
    const account = { name, email: `${name}@example.org`, password: "nine quiet badgers dance" };
    const headers = { "Content-Type": "application/json" };
    const request = { method: "POST", headers, body: JSON.stringify(account) };
    const answer = await this.#ask("/api/v1/users", await this.#signedIn(), request);
    if (!answer.ok) throw new Error(await answer.text());
  }

  #ask(path, token, request = {}) {
    const headers = { ...request.headers, Authorization: `Bearer ${token}` };
    return fetch(this.url + path, { ...request, headers });
  }

  async #signedIn() {
    if (this.#token !== null) return this.#token;
    const answer = await fetch(`${this.url}/api/v1/auth/login`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "User-Agent": "a program elsewhere" },
      body: JSON.stringify(this.credentials),
    });
    this.#token = (await answer.json()).access_token;
    return this.#token;
  }
}
