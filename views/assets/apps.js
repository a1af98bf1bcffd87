// The redirect URIs of an app are checked while they are typed, by the rules and in the words of the server.

const PAUSE_MS = 350;

const uris = document.getElementById('redirect_uris');
const problems = document.getElementById('redirect_uris-problems');

let pause;
let asking;

async function check() {
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  const { form } = uris;
  const body = new URLSearchParams({ _csrf: form.elements._csrf.value, redirect_uris: uris.value });
  const kind = new FormData(form).get('kind');
  if (kind) body.set('kind', kind);
  try {
    const answer = await fetch(uris.dataset.check, { method: 'POST', body, signal });
    // A form that is out of date says so when it is sent.
    if (answer.ok) show(await answer.text());
  } catch {
    // Without an answer nothing is said; the server looks again when the form is sent.
  }
}

/** @param html the list of problems as the server's own page has it; blank: there are none */
function show(html) {
  problems.innerHTML = html;
  const isWrong = problems.querySelector('.problems') !== null;
  uris.setAttribute('aria-invalid', String(isWrong));
  if (isWrong || uris.value.trim() === '') return;
  const good = document.createElement('p');
  good.className = 'good';
  good.textContent = uris.dataset.good;
  problems.replaceChildren(good);
}

function checkSoon() {
  clearTimeout(pause);
  pause = setTimeout(check, PAUSE_MS);
}

uris?.addEventListener('input', checkSoon);
for (const kind of document.querySelectorAll('input[name="kind"]')) {
  kind.addEventListener('change', () => {
    if (uris && uris.value.trim() !== '') checkSoon();
  });
}
