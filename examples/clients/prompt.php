<?php
// API=http://127.0.0.1:8080 php prompt.php
$request = curl_init((getenv('API') ?: 'https://api.example') . '/tunes/7/prompts');
curl_setopt_array($request, [
    CURLOPT_POSTFIELDS => ['prompt[text]' => 'a cat --video --video_model kling25 --duration 5'],
    CURLOPT_HTTPHEADER => ['Authorization: Bearer ' . getenv('API_KEY')],
    CURLOPT_RETURNTRANSFER => true,
]);
echo curl_exec($request), "\n";
exit(curl_getinfo($request, CURLINFO_RESPONSE_CODE) < 300 ? 0 : 1);
