"""PDF: characters with their places, put into the order in which a person reads them."""
