// The summary of errors gets the focus when a form comes back, so that a screen reader starts there.
document.querySelector(".osk-errors")?.focus();
