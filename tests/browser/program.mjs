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

  /** The answers of a conversation as the server keeps them. */
  async answers(conversation) {
    const path = `/api/v1/conversations/${conversation}/messages`;
    const { data } = await (await this.#ask(path, await this.#signedIn())).json();
    return data.filter(({ role }) => role === "assistant");
  }

  #ask(path, token) {
    return fetch(this.url + path, { headers: { Authorization: `Bearer ${token}` } });
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
