@if "!!"=="" (echo gophersnake: delayed expansion is on: activate where it is off 1>&2& exit /b 1)
@for /f "tokens=2 delims=:." %%a in ('chcp') do @set "__gophersnake_page=%%a"
@chcp 65001 >nul
@set "GOROOT="
@set "NEW=a'b"c $d %%e%% !f! \g"
@set "EMPTY=full"
@set "NOTHING="
@set "OLD=dé 😀"
@set "AMP=x & "y ^& z" ^ (1)"
@set "QUOTES=’‘'"
@set "PATH=/p/bin:/usr/bin:/bin:/last"
@set "GOPHERSNAKE_DIFF=W3siaWQiOiIwMTIzIiwib2xkIjp7IkFNUCI6bnVsbCwiRU1QVFkiOiIiLCJHT1JPT1QiOiJMMjlzWkNCbmJ3PT0iLCJORVciOm51bGwsIk5PVEhJTkciOm51bGwsIk9MRCI6ImFYUW5jdz09IiwiUVVPVEVTIjpudWxsfSwiYmVmb3JlIjpbIkwzQXZZbWx1Il0sImFmdGVyIjpbIkwyeGhjM1E9Il0sInByb21wdCI6dHJ1ZSwiYmFjayI6WyJMM0F2WkdWaFkzUnBkbUYwWlM1emFBPT0iXX1d"
@if defined PROMPT set "__gophersnake_1_prompt=%PROMPT%"
@if defined PROMPT set "PROMPT=(tools:k8s) %PROMPT%"
@chcp %__gophersnake_page% >nul
@set "__gophersnake_page="
