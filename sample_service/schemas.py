"""What goes over the wire, and what the OpenAPI document says about it."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_LENGTH_CM: Final = 100.0

# Strict: a string that holds a number is a mistake of the caller that would otherwise go unnoticed.
Length = Annotated[
    float, Field(strict=True, allow_inf_nan=False, ge=0, le=MAX_LENGTH_CM, description="Centimetres.")
]


class Flower(BaseModel):
    """One flower to classify."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"features": [1.0, 2.0, 3.0, 4.0]}]}
    )

    features: Annotated[
        list[Length],
        Field(
            min_length=4,
            max_length=4,
            description="Sepal length, sepal width, petal length and petal width, in this order.",
        ),
    ]


class Classification(BaseModel):
    """The answer: the most probable species, and how probable each one is."""

    model_config = ConfigDict(
        # "model_version" is in no one's way, but pydantic reserved the prefix in some versions.
        protected_namespaces=(),
        json_schema_extra={
            "examples": [
                {
                    "class": "virginica",
                    "probabilities": {
                        "setosa": 0.1118641501912987,
                        "versicolor": 0.02117370904235602,
                        "virginica": 0.8669621407663453,
                    },
                    "model_version": "iris-a69da9458074",
                }
            ]
        },
    )

    label: Annotated[str, Field(serialization_alias="class", description="The most probable species.")]
    probabilities: Annotated[dict[str, float], Field(description="One per species; they add up to 1.")]
    model_version: Annotated[str, Field(description="Which model answered.")]


class Health(BaseModel):
    """The process runs and answers."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "ok"}]})

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """The service can predict."""

    model_config = ConfigDict(
        protected_namespaces=(),
        json_schema_extra={"examples": [{"status": "ready", "model_version": "iris-a69da9458074"}]},
    )

    status: Literal["ready"] = "ready"
    model_version: Annotated[str, Field(description="The model that is loaded.")]


class Version(BaseModel):
    """What runs here."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"version": "1.0.0", "revision": "4f2a9c1"}]},
    )

    version: Annotated[str, Field(description="The release, from the build argument VERSION.")]
    revision: Annotated[str, Field(description="The commit, from the build argument REVISION.")]


class FieldError(BaseModel):
    """One thing that is wrong with the request."""

    pointer: Annotated[str, Field(description="Where in the body, as a JSON pointer (RFC 6901).")]
    detail: str


class Problem(BaseModel):
    """An error as in RFC 9457, "Problem Details for HTTP APIs"."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Unprocessable Content",
                    "status": 422,
                    "detail": "The request body has 1 error.",
                    "request_id": "9d4f1c0be2a14a6f8f3a35d0b3c6c9de",
                    "errors": [
                        {"pointer": "/features/2", "detail": "Input should be a valid number"},
                    ],
                }
            ]
        }
    )

    type: Annotated[str, Field(description='Always "about:blank": the status says what kind it is.')]
    title: Annotated[str, Field(description="The status in words.")]
    status: int
    detail: Annotated[str, Field(description="What is wrong here, and what to do.")]
    request_id: Annotated[str, Field(description="Also in X-Request-ID and in the service's log.")]
    errors: Annotated[list[FieldError] | None, Field(description="With 422 only.")] = None
