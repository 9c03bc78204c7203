"""What is at which path beside `/graphql`.

Each file is imported by itself, so that who needs one route does not load what the others need.
"""
