"""Root file systems that are fetched: Debian packages and container images, kept in a cache of the user's."""
