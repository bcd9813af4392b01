// Applies the chosen theme before the first paint. Without a choice, the system's preference decides.
(() => {
  try {
    const theme = localStorage.getItem("sms-sandbox.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage is blocked: the system's preference stays.
  }
})();
