"""Tables: what each table means, reading anything into it, and repairing it in the open."""
