"""Answers of the API that say what is wrong."""


def assert_problem(response, status, code):
    """A problem document of that status and code; gives it back."""
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["request_id"]
    return problem
