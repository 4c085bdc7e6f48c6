"""The strategies for answering from the passages of a search, and the router between them."""
