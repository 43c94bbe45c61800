"""What tests stand on: news sites, servers, sample data."""
