"""What may be reached, and how: addresses, robots.txt, downloads, the browser and the gate before it."""
