"""The pages of consulting that people outside the OSK see."""
