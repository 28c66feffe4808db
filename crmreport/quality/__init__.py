"""Quality: how far a project's tables are whole, true and in time; measured, and nothing is changed."""
