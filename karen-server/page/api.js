// The server: requests with an access token that is kept in memory only, and problems as errors.

/** Set while this browser has a session, so that a visitor without one causes no refused request. */
const SESSION_MARK = "karen.session";
/** A token with less time left is exchanged before it is used. */
const TOKEN_MARGIN_MS = 30_000;

let access = null;
let refreshing = null;

/** Fires `ended` when the session is over and only a person can begin another. */
export const session = new EventTarget();

/** What went wrong, as the server or the network tells it: RFC 9457. */
export class Problem extends Error {
  constructor(status, { code, detail, errors = [], correlation_id = null }) {
    super(detail);
    Object.assign(this, { status, code, errors, reference: correlation_id });
  }

  /** Whether the same request may succeed a moment later. */
  get passes() {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

export const get = (path, options) => json("GET", path, undefined, options);
export const post = (path, body = {}, options) => json("POST", path, body, options);
export const patch = (path, body) => json("PATCH", path, body);
export const put = (path, body) => json("PUT", path, body);
export const remove = (path) => json("DELETE", path);

/** What is dangerous takes the password once more: asks for it, and says whether it was right. */
let askAgain = async () => false;
export const whenLoginIsOld = (ask) => (askAgain = ask);

/** Asks as the person who is signed in; gives the response once it is known to be no problem. */
export async function send(method, path, body, options = {}) {
  try {
    return await sendOnce(method, path, body, options);
  } catch (problem) {
    if (problem.code !== "LOGIN_NOT_RECENT" || !(await askAgain())) throw problem;
    return sendOnce(method, path, body, options);
  }
}

async function sendOnce(method, path, body, { signal, headers }) {
  const token = await freshToken();
  const answer = await attempt(method, path, body, { signal, headers, token });
  if (answer.status !== 401) return successful(answer);
  // The server may have forgotten a token that has not expired: once more, with another.
  const another = access?.token === token ? await refresh() : await freshToken();
  return successful(await attempt(method, path, body, { signal, headers, token: another }));
}

/** A provider has signed this browser in: the session is in its cookie already. */
export const expectSession = () => localStorage.setItem(SESSION_MARK, "kept");

/** Takes up the session that this browser kept; null if it has none. */
export async function resumeSession() {
  if (!localStorage.getItem(SESSION_MARK)) return null;
  try {
    await refresh();
    return access.account;
  } catch (problem) {
    if (problem.status === 401) return null;
    throw problem;
  }
}

/** Whether the first account is still to be made. */
export async function setupNeeded() {
  const answer = await successful(await attempt("GET", "/api/v1/setup"));
  return (await answer.json()).needed;
}

/** Gives the account, or the challenge of a login that takes a code. */
export async function signIn(email, password) {
  const answer = await successful(await attempt("POST", "/api/v1/auth/login", { email, password }));
  return answer.status === 202 ? answer.json() : { account: await keep(answer) };
}

export const giveCode = (answer) => enter("/api/v1/auth/login/code", answer);

/** Comes in with a passkey; in place of a code, with the challenge of the login. */
export async function usePasskey(use, challenge) {
  const [path, login] = challenge ? ["code", { challenge }] : ["login", {}];
  const options = await visit(`/api/v1/auth/passkeys/${path}/begin`, login);
  return enter(`/api/v1/auth/passkeys/${path}`, { ...login, credential: await use(options) });
}

/** Asks as nobody in particular: for what everybody may see, or with a body such as the token of a link. */
export async function visit(path, body) {
  const answer = await successful(await attempt(body ? "POST" : "GET", path, body));
  return answer.status === 200 ? answer.json() : null;
}

export const setUp = (account) => enter("/api/v1/setup", account);

export async function signOut() {
  await post("/api/v1/auth/logout");
  forgetSession();
}

async function json(method, path, body, options) {
  const answer = await send(method, path, body, options);
  return answer.status === 204 ? null : answer.json();
}

async function enter(path, credentials) {
  return keep(await successful(await attempt("POST", path, credentials)));
}

async function keep(answer) {
  const { access_token, expires_in, account } = await answer.json();
  access = { token: access_token, account, until: Date.now() + expires_in * 1000 };
  localStorage.setItem(SESSION_MARK, "kept");
  return account;
}

function forgetSession() {
  access = null;
  localStorage.removeItem(SESSION_MARK);
}

async function freshToken() {
  if (!access || access.until - Date.now() < TOKEN_MARGIN_MS) await refresh();
  return access.token;
}

/** One refresh at a time: a refresh token is good for one use. */
function refresh() {
  refreshing ??= acrossTabs(exchange).finally(() => (refreshing = null));
  return refreshing;
}

/** Tabs share the cookie that holds the refresh token. Locks exist on secure origins only. */
function acrossTabs(task) {
  return navigator.locks ? navigator.locks.request("karen.refresh", task) : task();
}

async function exchange() {
  const answer = await attempt("POST", "/api/v1/auth/refresh", {});
  if (answer.status === 401) {
    forgetSession();
    session.dispatchEvent(new Event("ended"));
  }
  await keep(await successful(answer));
  return access.token;
}

async function attempt(method, path, body, { signal, headers: others, token } = {}) {
  const headers = { ...others };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    return await fetch(path, { method, headers, signal, body: JSON.stringify(body) });
  } catch (error) {
    if (signal?.aborted) throw error;
    const detail = "Karen cannot be reached. Check that the server is running, then try again.";
    throw new Problem(0, { code: "UNREACHABLE", detail });
  }
}

async function successful(answer) {
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => null);
  const plain = { code: `HTTP ${answer.status}`, detail: "The server refused without a reason." };
  throw new Problem(answer.status, told ?? plain);
}
