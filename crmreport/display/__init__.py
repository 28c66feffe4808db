"""Display: charts, tables and cards, and how each becomes HTML and print."""
