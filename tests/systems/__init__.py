"""Sites as real content systems make them, behind a real web server: what is stored of them, and what it costs."""
