def add_auth_routes(result, **_):
    return result
