// Passkeys, which only scripts can ask for: a form that has one's answer is an ordinary form.

const toBytes = (text) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));

const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

const withBytes = (credentials = []) =>
  credentials.map((credential) => ({ ...credential, id: toBytes(credential.id) }));

/** WebAuthn Level 3 §5.1: the options as the browser wants them, the answer as the server does. */
const ask = {
  async get(options) {
    const credential = await navigator.credentials.get({
      publicKey: {
        ...options,
        challenge: toBytes(options.challenge),
        allowCredentials: withBytes(options.allowCredentials),
      },
    });
    const { clientDataJSON, authenticatorData, signature, userHandle } = credential.response;
    return answerOf(credential, {
      clientDataJSON: toText(clientDataJSON),
      authenticatorData: toText(authenticatorData),
      signature: toText(signature),
      ...(userHandle ? { userHandle: toText(userHandle) } : {}),
    });
  },
  async create(options) {
    const credential = await navigator.credentials.create({
      publicKey: {
        ...options,
        challenge: toBytes(options.challenge),
        user: { ...options.user, id: toBytes(options.user.id) },
        excludeCredentials: withBytes(options.excludeCredentials),
      },
    });
    const { clientDataJSON, attestationObject } = credential.response;
    return answerOf(credential, {
      clientDataJSON: toText(clientDataJSON),
      attestationObject: toText(attestationObject),
      transports: credential.response.getTransports?.() ?? [],
    });
  },
};

const answerOf = (credential, response) => ({
  id: credential.id,
  rawId: toText(credential.rawId),
  type: credential.type,
  clientExtensionResults: credential.getClientExtensionResults(),
  response,
});

for (const form of document.querySelectorAll('form[data-passkey]')) {
  const refused = form.querySelector('[data-refused]');
  const button = form.querySelector('button[type=submit]');
  const remembers = document.querySelector('input[type=checkbox][name=remember]');
  form.hidden = !window.PublicKeyCredential;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (button.getAttribute('aria-disabled') === 'true') return;
    button.setAttribute('aria-disabled', 'true');
    refused.hidden = true;
    try {
      const answer = await ask[form.dataset.passkey](JSON.parse(form.dataset.options));
      form.elements.credential.value = JSON.stringify(answer);
      if (remembers && form.elements.remember) {
        form.elements.remember.value = remembers.checked ? 'yes' : '';
      }
      form.submit();
    } catch {
      // Nobody says why: the person declined, took too long, or has no passkey for this place.
      refused.hidden = false;
      button.removeAttribute('aria-disabled');
    }
  });
}

// Coming back with the back button: the answer was sent, and counts once.
addEventListener('pageshow', (event) => {
  if (event.persisted && document.querySelector('form[data-passkey]')) location.reload();
});
