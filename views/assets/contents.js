// What contents in a menu gain when scripts run: it makes way for what was chosen in it.

for (const link of document.querySelectorAll('.menu a[href^="#"]')) {
  link.addEventListener('click', () => {
    link.closest('.menu').open = false;
  });
}
