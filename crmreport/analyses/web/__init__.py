"""Web: which ways visitors take through the site, and where they are lost."""
