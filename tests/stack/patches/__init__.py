"""What the launcher changes in the pinned emulator, and the helpers that the changed lines call."""
