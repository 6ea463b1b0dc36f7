"""A ticket's conversation as one file to keep: HTML to read, Markdown to paste, JSON for programs."""

from bot.transcripts.conversation import Conversation, Entry, Kept, conversation
from bot.transcripts.page import FORMS, file_name, media_type, written

__all__ = ["FORMS", "Conversation", "Entry", "Kept", "conversation", "file_name", "media_type", "written"]
