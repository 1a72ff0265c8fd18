"""The site: the pages under docs/, models and experiments as pages, all code run as it is built."""
