"""What each tool leaves behind: one file per tool."""
