// Passkeys: what the browser does with them, between the server's JSON and its own bytes.

/** What a refusal of the browser means to the person. */
const REASONS = {
  NotAllowedError: "No passkey was used: it was cancelled, or took too long.",
  InvalidStateError: "This device has a passkey of your account already.",
  SecurityError: "Passkeys do not work at this address. Open Karen at the one that it is published under.",
};

/** Whether there are passkeys in this browser, on this page. */
export const possible = "PublicKeyCredential" in window;

/** Has the browser make a passkey, and gives what the server takes. */
export async function make(options) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: options.excludeCredentials.map(known),
  };
  const { response } = await explained(navigator.credentials.create({ publicKey }));
  return {
    response: {
      clientDataJSON: text(response.clientDataJSON),
      attestationObject: text(response.attestationObject),
      transports: response.getTransports?.() ?? [],
    },
  };
}

/** Has the browser use a passkey, and gives what the server takes. */
export async function use(options) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: options.allowCredentials.map(known),
  };
  const { rawId, response } = await explained(navigator.credentials.get({ publicKey }));
  return {
    rawId: text(rawId),
    response: {
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
      userHandle: response.userHandle && text(response.userHandle),
    },
  };
}

async function explained(ceremony) {
  try {
    return await ceremony;
  } catch (error) {
    throw new Error(REASONS[error.name] ?? error.message, { cause: error });
  }
}

function known({ type, id, transports }) {
  return { type, id: bytes(id), ...(transports.length > 0 && { transports }) };
}

function bytes(base64url) {
  const base64 = base64url.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0));
}

function text(buffer) {
  const base64 = btoa(String.fromCharCode(...new Uint8Array(buffer)));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
