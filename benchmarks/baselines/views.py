"""Two Flask views for gunicorn: one that only answers, and the one that hands the whole order to RQ.

Neither verifies a signature, recognises a repeat or keeps the raw body: they do less than is asked of ours.
"""

import os

from flask import Flask, request
from redis import Redis
from rq import Queue

Answer = tuple[dict[str, str], int]
bare = Flask("bare")
naive = Flask("naive")
queue = Queue("orders", connection=Redis.from_url(os.environ["NAIVE_REDIS_URL"]))


@bare.post("/hooks/shopify")
def accept() -> Answer:
    """Answers, having read the body as any view must."""
    request.get_data()
    return {"status": "queued"}, 202


@naive.post("/hooks/shopify")
def enqueue() -> Answer:
    """Parses the order and gives it to RQ, with RQ's own defaults."""
    job = queue.enqueue("shop.post_invoice", request.get_json())
    return {"event_id": job.id, "status": "queued"}, 202


@bare.get("/readyz")
@naive.get("/readyz")
def ready() -> Answer:
    """Answers as soon as the server does."""
    return {"status": "ready"}, 200
