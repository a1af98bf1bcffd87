// What the forms gain when scripts run. Without them every form works as it is.

for (const button of document.querySelectorAll('button[data-reveal]')) {
  const input = document.getElementById(button.dataset.reveal);
  const word = button.querySelector('span');
  const show = (visible) => {
    input.type = visible ? 'text' : 'password';
    word.textContent = visible ? button.dataset.hide : button.dataset.show;
  };
  button.hidden = false;
  button.addEventListener('click', () => show(input.type === 'password'));
  // A password manager offers to save only what leaves as a password.
  input.form.addEventListener('submit', () => show(false));
}

for (const button of document.querySelectorAll('button[data-copy]')) {
  // Only in a secure context; elsewhere the text is selected by hand.
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener('click', async () => {
    const { textContent } = document.getElementById(button.dataset.copy);
    await navigator.clipboard.writeText(textContent);
    button.textContent = button.dataset.done;
  });
}

/** What each busy button said before. */
const busy = new Map();

for (const form of document.querySelectorAll('form[data-form]')) {
  form.addEventListener('submit', (event) => {
    const buttons = form.querySelectorAll('button[type=submit]');
    if (buttons[0]?.getAttribute('aria-disabled') === 'true') {
      event.preventDefault();
      return;
    }
    // Not `disabled`: the pressed button's own name and value must still be sent.
    for (const button of buttons) button.setAttribute('aria-disabled', 'true');
    const pressed = event.submitter;
    if (pressed?.dataset.busy) {
      busy.set(pressed, pressed.textContent);
      pressed.textContent = pressed.dataset.busy;
    }
  });
}

// Nothing is asked in it: whoever has no scripts presses its button.
document.querySelector('form[data-sends-itself]')?.requestSubmit();

// Coming back with the back button shows the page as it was left: make it usable again.
addEventListener('pageshow', (event) => {
  if (!event.persisted) return;
  for (const button of document.querySelectorAll('button[aria-disabled=true]')) {
    button.removeAttribute('aria-disabled');
  }
  for (const [button, text] of busy) button.textContent = text;
  busy.clear();
});
