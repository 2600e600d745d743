#!/bin/sh
# API=http://127.0.0.1:8080 sh prompt.sh
exec curl --silent --show-error --fail-with-body "${API:-https://api.example}/tunes/7/prompts" \
    --header "Authorization: Bearer $API_KEY" \
    --form-string 'prompt[text]=a cat --video --video_model kling25 --duration 5'
