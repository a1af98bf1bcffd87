// A key pair made where the private key is to stay. Only the public half gets into the form.

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256' };

const maker = document.querySelector('[data-make]');
const made = document.querySelector('[data-made]');
const subtle = globalThis.crypto?.subtle;

/** PKCS#8 as PEM (RFC 7468 §10). */
function toPem(bytes) {
  const base64 = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  const lines = base64.match(/.{1,64}/g).join('\n');
  return `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`;
}

async function makePair() {
  const { privateKey, publicKey } = await subtle.generateKey(ECDSA, true, ['sign', 'verify']);
  const { kty, crv, x, y } = await subtle.exportKey('jwk', publicKey);
  return {
    pem: toPem(await subtle.exportKey('pkcs8', privateKey)),
    jwk: { kty, crv, x, y, alg: 'ES256', use: 'sig' },
  };
}

function show({ pem, jwk }) {
  const key = document.getElementById('key');
  key.value = JSON.stringify(jwk, undefined, 2);
  key.readOnly = true;
  // What was wrong with the key before is no longer there.
  key.removeAttribute('aria-invalid');
  key.setAttribute('aria-describedby', 'key-hint');
  document.getElementById('key-error')?.remove();
  made.querySelector('[data-private]').textContent = pem;
  const download = made.querySelector('[data-download]');
  download.href = URL.createObjectURL(new Blob([pem], { type: 'application/x-pem-file' }));
  const saved = made.querySelector('[data-saved]');
  saved.disabled = false;
  made.hidden = false;
  made.focus();
  // Whoever comes back by the back button finds no private key.
  addEventListener('pagehide', () => {
    made.querySelector('[data-private]').textContent = '';
    URL.revokeObjectURL(download.href);
    download.removeAttribute('href');
  });
}

// Only in a secure context; elsewhere a public key is pasted.
if (maker && subtle) {
  const button = maker.querySelector('button');
  const word = button.querySelector('span');
  const hint = maker.querySelector('.hint');
  maker.hidden = false;
  button.addEventListener('click', async () => {
    const { textContent } = word;
    button.disabled = true;
    word.textContent = maker.dataset.making;
    try {
      show(await makePair());
      maker.hidden = true;
    } catch {
      hint.textContent = maker.dataset.failed;
      button.disabled = false;
      word.textContent = textContent;
    }
  });
}
