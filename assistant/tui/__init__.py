"""The terminal app: `AssistantApp` in `assistant.tui.app`. The only importer of Textual."""
