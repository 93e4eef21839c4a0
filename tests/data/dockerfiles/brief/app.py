"""A small prediction service: a health check and the mean of what it is sent."""

from fastapi import FastAPI
from pydantic import BaseModel, Field

app = FastAPI(title="ml-service")


class Features(BaseModel):
    features: list[float] = Field(min_length=1)


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/predict")
def predict(request: Features) -> dict[str, float]:
    return {"prediction": sum(request.features) / len(request.features)}
