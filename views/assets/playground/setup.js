// The setup, changed without leaving the page: what is known stays, the requests are those of the new one.

const form = document.getElementById('setup');

/** @param changed called when the requests of the steps are others */
export function followSetup(changed) {
  form.querySelector('[type=submit]').hidden = true;
  form.addEventListener('change', () => follow(changed));
}

let latest = 0;

async function follow(changed) {
  latest += 1;
  const mine = latest;
  const query = new URLSearchParams(new FormData(form));
  const url = `${form.getAttribute('action')}?${query}`;
  // An app that the address names is shown to whom it belongs.
  const response = await fetch(url, { credentials: 'same-origin' });
  const other = new DOMParser().parseFromString(await response.text(), 'text/html');
  // Somebody who ticks quickly gets the last answer, not the slowest.
  if (mine !== latest || !response.ok) return;
  const link = other.getElementById('link');
  for (const name of ['href', 'textContent']) document.getElementById('link')[name] = link[name];
  const there = [...other.querySelectorAll('.languages a')];
  for (const [index, here] of document.querySelectorAll('.languages a').entries()) {
    if (there[index]) here.href = there[index].getAttribute('href');
  }
  history.replaceState(undefined, '', new URL(link.href).pathname + new URL(link.href).search);
  for (const here of document.querySelectorAll('[data-request]')) {
    const step = other.getElementById(here.closest('[data-step]').id);
    const there = step?.querySelector(`[data-run="${here.dataset.run}"]`);
    if (there) here.dataset.request = there.dataset.request;
  }
  for (const here of document.querySelectorAll('[data-language] pre')) {
    const there = other.getElementById(here.id);
    if (there) here.querySelector('code').textContent = there.textContent;
  }
  changed();
}
