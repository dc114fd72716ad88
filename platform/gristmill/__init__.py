"""Raw data goes in, checked lite models come out."""
