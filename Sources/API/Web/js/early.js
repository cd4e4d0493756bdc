// Runs before the first paint, so that a dark page never flashes white. The rest of the story is ui/theme.js.
(function () {
  var choice = 'auto';
  try {
    choice = localStorage.getItem('skirret:colour-scheme') || 'auto';
  } catch (error) {
    // Storage switched off: follow the system.
  }
  var dark = choice === 'dark' || (choice === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.mantineColorScheme = dark ? 'dark' : 'light';
})();
