"""`arshif`, which says every millisecond how far it is where there is no terminal, rather than every half minute."""

from crawler.cli import app, progress

if __name__ == "__main__":
    progress.INTERVAL = 0.001
    app.main()
