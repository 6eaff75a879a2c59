// Buttons that copy the text beside them; hidden where the browser has no clipboard for pages.
(function () {
  if (!navigator.clipboard) { return; }
  document.querySelectorAll("button[data-copy]").forEach(function (button) {
    var label = button.querySelector(".kern-label");
    var text = label.textContent;
    button.hidden = false;
    button.addEventListener("click", function () {
      navigator.clipboard.writeText(button.previousElementSibling.textContent.trim()).then(function () {
        label.textContent = button.dataset.copy;
        document.getElementById("copy-news").textContent = button.dataset.copy;
        window.setTimeout(function () { label.textContent = text; }, 3000);
      });
    });
  });
})();
