// Shows what needs a security key where the browser knows them, and says when a key did not answer.
(function () {
  document.addEventListener("DOMContentLoaded", function () {
    if (window.PublicKeyCredential) {
      document.querySelectorAll("[data-passkey]").forEach(function (part) { part.hidden = false; });
    }
  });
  document.addEventListener("allauth.error", function (event) {
    event.preventDefault();
    document.querySelectorAll("[data-passkey-error]").forEach(function (text) { text.hidden = false; });
  });
})();
