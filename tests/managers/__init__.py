"""How each service manager is spoken to: recorded answers of real tools, and what is made of them."""
